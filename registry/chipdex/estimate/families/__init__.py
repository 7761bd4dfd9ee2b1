"""Estimators of the families of models, one module each; what they share is `batched`.

Each module has the same three functions: `applies(model, accelerator)`, `capacity(deployments)` and
`estimate(deployments, batch, load)`. Decoders have theirs in `chipdex.estimate.decoder`.
"""
