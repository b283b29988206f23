//! Nothing: the benches are in `budgets/`.
