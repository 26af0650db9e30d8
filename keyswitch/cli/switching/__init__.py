"""use, env, run, hooks and links: which profile counts where."""
