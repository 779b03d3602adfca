/// Layers that models are made of.
///
/// Read in this order: [Sequences] (what goes in), [Linear], [LayerNorm], [SelfAttention], then `Bert` in
/// `dev.merapi.nn.model`. [Parameters] gives each layer's weights the names that checkpoints know; [Pass]
/// carries mode and randomness.
package dev.merapi.nn;
