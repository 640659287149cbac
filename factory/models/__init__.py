"""What the model verbs share: loading and saving model folders, chat templates, one training loop, quiet libraries."""
