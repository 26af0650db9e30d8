"""What `whoami`, `doctor` and `use` say: findings, with their remedies."""
