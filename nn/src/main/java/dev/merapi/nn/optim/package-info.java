/// From gradients to better weights: [Gradients] (norm, clipping), [Schedule] (the learning rate), [AdamW].
package dev.merapi.nn.optim;
