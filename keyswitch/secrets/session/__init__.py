"""What an unlocked session keeps for a while, and that no core file holds it."""
