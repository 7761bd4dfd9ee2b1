"""Current prices of Azure's accelerator virtual machines, from the Azure Retail Prices API."""
