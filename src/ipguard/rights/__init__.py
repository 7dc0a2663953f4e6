"""What is owned: works, their names, rights, pictures and official sellers."""
