"""Files and folders: how they are opened, written, and whose they are."""
