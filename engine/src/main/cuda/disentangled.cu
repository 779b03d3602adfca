/// Disentangled attention in float32 (attention_passes.cuh).
#include "attention_passes.cuh"

#define POSITION_OPERANDS const float *keys, const float *queries, const int *rows, int reach
#define NAMED_POSITIONS call.keys = keys; call.queries = queries; call.rows = rows; call.reach = reach;

#define DISENTANGLED_KERNELS(D, R)                                                                                    \
    KERNEL disentangled_##D(OPERANDS, POSITION_OPERANDS, DROPOUT, float *context, float *lse) {                       \
        CALL(NAMED_POSITIONS);                                                                                        \
        Attention<D, R, POSITIONS>::forward(call, dropout, context, lse);                                             \
    }                                                                                                                 \
    KERNEL disentangled_backward_keys_##D(                                                                            \
        OPERANDS, POSITION_OPERANDS, GRADIENTS, DROPOUT, float *dk, float *dv) {                                      \
        GRADIENT_CALL(NAMED_POSITIONS);                                                                               \
        Attention<D, R, POSITIONS>::backward_keys(call, dropout, dk, dv);                                             \
    }                                                                                                                 \
    KERNEL disentangled_backward_queries_##D(                                                                         \
        OPERANDS, POSITION_OPERANDS, GRADIENTS, DROPOUT, int head0, float *dq, int span, float *to_keys,              \
        float *to_queries) {                                                                                          \
        GRADIENT_CALL(NAMED_POSITIONS);                                                                               \
        Attention<D, R, POSITIONS>::backward_queries(call, dropout, head0, dq, {span, to_keys, to_queries});          \
    }

DISENTANGLED_KERNELS(32, 2)
DISENTANGLED_KERNELS(64, 2)
DISENTANGLED_KERNELS(128, 1)
