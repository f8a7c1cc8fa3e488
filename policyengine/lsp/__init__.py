"""The language server: what an editor knows of packs while they are written."""
