"""Current prices of Verda, formerly DataCrunch."""
