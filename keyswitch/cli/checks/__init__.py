"""whoami, doctor, explain: what is sent, what is wrong, what an error means."""
