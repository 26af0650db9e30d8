"""What an unlocked session keeps for a while, and away from core files."""
