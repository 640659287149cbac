"""What the commands print; the work is in plan, run, publish and hub."""
