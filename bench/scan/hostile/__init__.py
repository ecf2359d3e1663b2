"""The cases of bench/scan: inert hostile model files and their benign twins."""
