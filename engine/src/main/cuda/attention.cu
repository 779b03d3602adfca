/// Attention in float32 (attention_passes.cuh).
#include "attention_passes.cuh"

#define PLAIN_KERNELS(D, R)                                                                                           \
    KERNEL attention_##D(OPERANDS, DROPOUT, float *context, float *lse) {                                             \
        CALL();                                                                                                       \
        Attention<D, R, PLAIN>::forward(call, dropout, context, lse);                                                 \
    }                                                                                                                 \
    KERNEL attention_backward_keys_##D(OPERANDS, GRADIENTS, DROPOUT, float *dk, float *dv) {                          \
        GRADIENT_CALL();                                                                                              \
        Attention<D, R, PLAIN>::backward_keys(call, dropout, dk, dv);                                                 \
    }                                                                                                                 \
    KERNEL attention_backward_queries_##D(OPERANDS, GRADIENTS, DROPOUT, float *dq) {                                  \
        GRADIENT_CALL();                                                                                              \
        Attention<D, R, PLAIN>::backward_queries(call, dropout, 0, dq, {});                                           \
    }

PLAIN_KERNELS(32, 4)
PLAIN_KERNELS(64, 4)
PLAIN_KERNELS(128, 2)
