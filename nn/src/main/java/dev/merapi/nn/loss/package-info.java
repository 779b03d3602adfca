/// Losses, from logits and targets to a scalar whose `backward()` fills the gradients.
package dev.merapi.nn.loss;
