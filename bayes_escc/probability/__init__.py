"""What is known of one number: laws, mixtures and densities, without SciPy's statistics."""
