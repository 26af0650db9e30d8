"""What it takes to ask the network; nothing here is done unasked."""
