"""What the dataset verbs share: rows worked shard by shard, their outcomes, generation with a ledger, samples."""
