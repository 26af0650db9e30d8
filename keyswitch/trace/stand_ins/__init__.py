"""What answers in a service's place: simulated errors, a recording."""
