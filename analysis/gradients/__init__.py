"""How the gradient travels through a network at initialisation."""
