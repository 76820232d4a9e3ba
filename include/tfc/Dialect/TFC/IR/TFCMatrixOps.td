//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Factorizations of matrices, linear systems, and the Fourier transform. All of
// them work on the last dimensions, batched over the others.
//
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_IR_TFCMATRIXOPS_TD
#define TFC_DIALECT_TFC_IR_TFCMATRIXOPS_TD

include "tfc/Dialect/TFC/IR/TFCBase.td"

def TFC_CholeskyOp : TFC_PureOp<"cholesky"> {
  let summary = "The lower triangular L with L L^H = x, of Hermitian matrices";
  let description = [{
    Reads the lower triangle only. All of a matrix that is not positive definite
    becomes NaN. Constraints:

    * (C1) x has rank at least 2, and its last two dimensions are equal
  }];
  let arguments = (ins TFC_MatrixTensor:$x);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def TFC_TriangularSolveOp : TFC_PureOp<"triangular_solve"> {
  let summary = "The solution X of A X = B, with one triangle of A";
  let description = [{
    `lower` says which triangle of `a` counts, `unit` that its diagonal is one,
    whatever stands there. Constraints:

    * (C1) both operands have one element type, rank at least 2, and the same rank
    * (C2) the last two dimensions of `a` and the last but one of `b` are equal
    * (C3) the leading dimensions are equal
  }];
  let arguments = (ins TFC_MatrixTensor:$a, TFC_MatrixTensor:$b, BoolAttr:$lower, BoolAttr:$unit);
  let assemblyFormat = "$a `,` $b attr-dict `:` functional-type(operands, results)";
}

def TFC_SolveOp : TFC_PureOp<"solve"> {
  let summary = "The solution X of A X = B";
  let description = [{
    By an LU factorization with partial pivoting; of a singular matrix, not finite.
    Constraints: those of `triangular_solve`.
  }];
  let arguments = (ins TFC_MatrixTensor:$a, TFC_MatrixTensor:$b);
  let assemblyFormat = "$a `,` $b attr-dict `:` functional-type(operands, results)";
}

class TFC_FactorizationOp<string mnemonic> : TFC_Op<mnemonic, [Pure, TFC_InferTypes]>;

def TFC_LUOp : TFC_FactorizationOp<"lu"> {
  let summary = "L and U of square matrices with exchanged rows, in one matrix";
  let description = [{
    Row i of L U is row `permutation[i]` (i32) of x; the ones on the diagonal of L
    are left out. Constraints:

    * (C1) x has rank at least 2, and its last two dimensions are equal
  }];
  let arguments = (ins TFC_MatrixTensor:$x);
  let results = (outs TFC_Tensor:$factors, TFC_Tensor:$permutation);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def TFC_QROp : TFC_FactorizationOp<"qr"> {
  let summary = "Q with orthonormal columns and the upper triangular R of x = Q R";
  let description = [{
    By Householder reflections. Q has as many columns as x has rows if `full`, else
    as the smaller dimension; R that many rows. Constraints:

    * (C1) x has rank at least 2
  }];
  let arguments = (ins TFC_MatrixTensor:$x, BoolAttr:$full);
  let results = (outs TFC_Tensor:$q, TFC_Tensor:$r);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def TFC_EighOp : TFC_FactorizationOp<"eigh"> {
  let summary = "Eigenvalues in ascending order, and eigenvectors, of Hermitian matrices";
  let description = [{
    Reads the lower triangle only. Column i of `vectors` belongs to `values[i]`, which
    is real. Source: Golub and Van Loan, "Matrix Computations", chapter 8: Householder
    tridiagonalization, then implicit QR steps. Constraints:

    * (C1) x has rank at least 2, and its last two dimensions are equal
  }];
  let arguments = (ins TFC_MatrixTensor:$x);
  let results = (outs TFC_Tensor:$values, TFC_Tensor:$vectors);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def TFC_EigOp : TFC_FactorizationOp<"eig"> {
  let summary = "Complex eigenvalues and eigenvectors of square matrices";
  let description = [{
    Column i of `vectors`, of length 1, belongs to `values[i]`: by size, those of
    one size from right to left, then from above to below, in the complex plane.
    The first element of a column that is at least half as large as the largest
    one is real and positive. Of matrices that are not finite all is NaN. Source:
    Golub and Van Loan, "Matrix Computations", chapter 7: Hessenberg form, complex
    QR steps, back substitution. Constraints:

    * (C1) x has rank at least 2, and its last two dimensions are equal
  }];
  let arguments = (ins TFC_MatrixTensor:$x);
  let results = (outs TFC_Tensor:$values, TFC_Tensor:$vectors);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

class TFC_MatrixFunctionOp<string mnemonic> : TFC_PureOp<mnemonic> {
  let arguments = (ins TFC_ComplexTensor:$x);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def TFC_SqrtmOp : TFC_MatrixFunctionOp<"sqrtm"> {
  let summary = "The principal square roots of complex square matrices";
  let description = [{
    From the Schur form. Source: Bjorck and Hammarling, "A Schur method for the
    square root of a matrix", 1983. Constraints:

    * (C1) x has rank at least 2, and its last two dimensions are equal
  }];
}

def TFC_LogmOp : TFC_MatrixFunctionOp<"logm"> {
  let summary = "The principal logarithms of complex square matrices";
  let description = [{
    From the Schur form, by square roots until it is near the identity, and Pade's
    approximant there. Source: Higham, "Functions of Matrices", chapter 11.
    Constraints:

    * (C1) x has rank at least 2, and its last two dimensions are equal
  }];
}

def TFC_TridiagonalSolveOp : TFC_PureOp<"tridiagonal_solve"> {
  let summary = "The solution X of A X = B, for tridiagonal matrices A";
  let description = [{
    The rows of `diagonals` are what stands right of the diagonal (the last element
    does not count), the diagonal, and what stands left of it (the first element
    does not count). By elimination, with exchanges of neighbouring rows if
    `pivoting`; of a singular matrix, not finite. Constraints:

    * (C1) both operands have one element type, rank at least 2, and the same rank
    * (C2) `diagonals` has 3 rows, and as many columns as `b` has rows
    * (C3) the leading dimensions are equal
  }];
  let arguments = (ins TFC_MatrixTensor:$diagonals, TFC_MatrixTensor:$b, BoolAttr:$pivoting);
  let assemblyFormat = "$diagonals `,` $b attr-dict `:` functional-type(operands, results)";
}

def TFC_SVDOp : TFC_FactorizationOp<"svd"> {
  let summary = "Singular values in descending order, U and V of x = U diag(s) V^H";
  let description = [{
    U and V have as many columns as rows if `full`, else as the smaller dimension of
    x. Source: Golub and Van Loan, "Matrix Computations", chapter 8: Householder
    bidiagonalization, then implicit QR steps. Constraints:

    * (C1) x has rank at least 2
  }];
  let arguments = (ins TFC_MatrixTensor:$x, BoolAttr:$full);
  let results = (outs TFC_Tensor:$s, TFC_Tensor:$u, TFC_Tensor:$v);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def TFC_FFTOp : TFC_PureOp<"fft"> {
  let summary = "The discrete Fourier transform over the last dimension";
  let description = [{
    If `inverse`, the one that undoes it: conjugate roots, divided by the size.
    Source: Stockham, "High-speed convolution and correlation", 1966, for any
    factors of the size. Constraints:

    * (C1) x has rank at least 1
  }];
  let arguments = (ins TFC_ComplexTensor:$x, BoolAttr:$inverse);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

#endif // TFC_DIALECT_TFC_IR_TFCMATRIXOPS_TD
