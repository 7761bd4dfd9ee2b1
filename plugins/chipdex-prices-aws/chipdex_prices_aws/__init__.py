"""Current prices of AWS accelerator instances: on demand, spot, reserved and by savings plan."""
