/// Writing JSON. Internal: the package is not exported.
package dev.merapi.tokenizer.json;
