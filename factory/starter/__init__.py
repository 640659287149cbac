"""What `factory init` writes: a commented recipe for another target language or base model."""
