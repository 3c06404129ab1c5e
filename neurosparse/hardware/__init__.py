"""What a machine is: validated profiles, its topology, and used-of-available pairs."""
