/// Kernels that lost, with what they teach. None of them is used.
package dev.merapi.bench.drafts;
