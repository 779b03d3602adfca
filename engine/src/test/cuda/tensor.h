/// The functions of tensor.cuh and of precision.cuh that are single instructions on a GPU, after their description
/// in the PTX ISA. A copy arrives when its group is waited for and not before; until then NaN is where it goes.
#pragma once

namespace emulator {
void copy_async(void *to, const void *from, int bytes);
void commit_copies();
void wait_copies(int newest);
void load_matrices(uint32_t (&x)[4], const void *row, bool transposed);
/// A place for the twelve numbers of this warp's lane `lane`.
double *lane_numbers(int lane);
} // namespace emulator

inline void copy_async(void *to, const void *from, int bytes) { emulator::copy_async(to, from, bytes); }
inline void commit_copies() { emulator::commit_copies(); }
template <int GROUPS> void wait_copies() { emulator::wait_copies(GROUPS); }
inline void load_matrices(unsigned (&x)[4], const void *row) { emulator::load_matrices(x, row, false); }
inline void load_transposed(unsigned (&x)[4], const void *row) { emulator::load_matrices(x, row, true); }

inline unsigned bfloat16_bits(float x) {
    unsigned bits = __float_as_uint(x);
    return x != x ? 0x7FFF : (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
}

/// 13 bits fewer, or a multiple of 2^-24 where that is less than normal.
inline unsigned float16_bits(float x) {
    unsigned bits = __float_as_uint(x) & 0x7FFFFFFFu, sign = __float_as_uint(x) >> 16 & 0x8000u;
    float size = __uint_as_float(bits);
    if (x != x) return 0x7FFF;
    if (size >= 65520.0f) return sign | 0x7C00;
    if (size < 6.103515625e-5f) return sign | (unsigned) rintf(size * 16777216.0f);
    return sign | (bits + 0xFFF + (bits >> 13 & 1) - 0x38000000u) >> 13;
}

inline float from_float16_bits(unsigned bits) {
    unsigned sign = (bits & 0x8000u) << 16, size = bits & 0x7FFFu;
    if (size >= 0x7C00) return __uint_as_float(sign | (0x70000000u + (size << 13) | 0x7F800000u));
    if (size < 0x400) return __uint_as_float(sign | __float_as_uint(size / 16777216.0f));
    return __uint_as_float(sign | (size << 13) + 0x38000000u);
}

template <int PRECISION> unsigned pair_bits(float low, float high) {
    return PRECISION == 1 ? bfloat16_bits(low) | bfloat16_bits(high) << 16
                          : float16_bits(low) | float16_bits(high) << 16;
}

inline float power_of_two(float x) { return exp2f(x); }

/// Products are exact; the sum of a step and of what was there is rounded once. A GPU's order and rounding inside of
/// a step are not specified.
template <int PRECISION> void multiply_add(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    constexpr bool WHOLE = PRECISION == 3; // TF32: a number a register
    constexpr int EACH = WHOLE ? 1 : 2, LANES = 4; // of which each has the numbers of a register of each row
    int lane = threadIdx.x % 32, g = lane / LANES, t = lane % LANES;
    const unsigned registers[] = {a[0], a[1], a[2], a[3], b0, b1};
    for (int r = 0; r < 6; r++)
        for (int e = 0; e < EACH; e++) {
            unsigned half = registers[r] >> 16 * e & 0xFFFFu;
            emulator::lane_numbers(lane)[r * EACH + e] = WHOLE ? __uint_as_float(registers[r] & ~0x1FFFu)
                : PRECISION == 1                               ? __uint_as_float(half << 16)
                                                               : from_float16_bits(half);
        }
    emulator::warp_barrier();
    for (int i = 0; i < 4; i++) {
        int row = g + i / 2 * 8, col = 2 * t + i % 2;
        double sum = c[i];
        for (int upper = 0; upper < 2; upper++) // half of k
            for (int from = 0; from < LANES; from++) {
                const double *left = emulator::lane_numbers(row % 8 * LANES + from) + (2 * upper + row / 8) * EACH;
                const double *right = emulator::lane_numbers(col * LANES + from) + (4 + upper) * EACH;
                for (int e = 0; e < EACH; e++) sum += left[e] * right[e];
            }
        c[i] = (float) sum;
    }
    emulator::warp_barrier();
}
