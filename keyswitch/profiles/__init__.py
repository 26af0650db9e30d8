"""Files of keyswitch's own: places, atomic writes, profiles, state."""
