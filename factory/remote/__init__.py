"""A publish on the Hub's machines: what a job gets (`bundle`), what outlives it (`kept`), the job (`hf_jobs`)."""
