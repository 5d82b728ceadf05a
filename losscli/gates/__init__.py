"""The gate: rules from a configuration, held against results; baselines that were saved; limits written anew."""
