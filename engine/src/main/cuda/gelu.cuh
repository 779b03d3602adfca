/// The activation that products can end in.
#pragma once
#include "common.cuh"

constexpr float ROOT_HALF = 0.70710678118654752f; // 1/√2
constexpr float FAR = 20.0f; // beyond, GELU is x or 0 in float32

/// x·Φ(x), without cancellation in the tail.
__device__ inline float gelu(float x) { return x < -FAR ? 0.0f : x * 0.5f * erfcf(-x * ROOT_HALF); }
