"""Pure, vectorised estimation: device figures x model cost x workload -> time, memory, energy.

Everything here takes arrays (or numbers that broadcast as arrays) and returns arrays; nothing reads
a registry, a clock or the environment. Rows of a search are deployments; see `step` for the shapes.
"""
