"""Several configuration folders: which ones a change concerns."""
