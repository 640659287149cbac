"""What estimates are made of: a table of rates with sources, sizes of models, and the flow of rows through a graph."""
