"""The local workbench: packs as law, and records judged by them, in a browser on the same machine."""
