"""What arrived, put in order, counted and stamped."""
