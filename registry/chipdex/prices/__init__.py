"""Live prices: one way to fetch them, the gates they pass, and a store that loses none of them."""
