/// Disentangled attention of low precision (attention_tensor_passes.cuh).
#include "attention_tensor_passes.cuh"

#define POSITION_OPERANDS const uint4 *keys, const uint4 *queries, const int *rows, int reach
#define NAMED_POSITIONS call.keys = keys; call.queries = queries; call.rows = rows; call.reach = reach;

#define DISENTANGLED_KERNELS(NAME, PRECISION, D)                                                                      \
    KERNEL disentangled_##NAME##_##D(OPERANDS, POSITION_OPERANDS, DROPOUT, float *context, float *lse) {              \
        CALL(NAMED_POSITIONS);                                                                                        \
        Attention<PRECISION, D, POSITIONS>::forward(call, dropout, context, lse);                                     \
    }                                                                                                                 \
    KERNEL disentangled_backward_keys_##NAME##_##D(                                                                   \
        OPERANDS, POSITION_OPERANDS, GRADIENTS, DROPOUT, int head0, float *dk, float *dv, int span, float *parts) {   \
        GRADIENT_CALL(NAMED_POSITIONS);                                                                               \
        Attention<PRECISION, D, POSITIONS>::template backward<true>(call, dropout, head0, dk, dv, span, parts);       \
    }                                                                                                                 \
    KERNEL disentangled_backward_queries_##NAME##_##D(                                                                \
        OPERANDS, POSITION_OPERANDS, GRADIENTS, DROPOUT, int head0, float *dq, int span, float *parts) {              \
        GRADIENT_CALL(NAMED_POSITIONS);                                                                               \
        Attention<PRECISION, D, POSITIONS>::template backward<false>(call, dropout, head0, dq, nullptr, span, parts); \
    }

// also of narrower heads
DISENTANGLED_KERNELS(bf16, BF16, 64)
DISENTANGLED_KERNELS(bf16, BF16, 128)
DISENTANGLED_KERNELS(fp16, FP16, 64)
DISENTANGLED_KERNELS(fp16, FP16, 128)
