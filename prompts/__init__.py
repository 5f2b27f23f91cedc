"""What a generator is told: prose files and the library that fills their blanks."""
