from factory.cli import main

main(prog_name="factory")
