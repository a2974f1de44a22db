import type { Matrix, MatrixStack } from '../../runtime/matrixProducts';

/** Every matrix of a stack as one row. */
export function flat({ count, rows, columns, data }: MatrixStack): Matrix {
  return { rows: count, columns: rows * columns, data };
}

/** matrix · diag(scale_n) for every row n of `scale`; S × (rows × columns). */
export function eachScaled(matrix: Matrix, scale: Matrix, count: number): MatrixStack {
  const { rows, columns, data } = matrix;
  const result = new Float64Array(count * rows * columns);
  for (let n = 0, at = 0; n < count; n++) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++, at++) {
        result[at] = data[i * columns + j]! * scale.data[n * columns + j]!;
      }
    }
  }
  return { count, rows, columns, data: result };
}

/** The transposed matrix, in memory of its own. */
export function transposeMatrix({ rows, columns, data }: Matrix): Matrix {
  const result = new Float64Array(data.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) result[j * rows + i] = data[i * columns + j]!;
  return { rows: columns, columns: rows, data: result };
}

/** Columns `from` to `to` of a matrix, in memory of their own. */
export function columnsOfMatrix(matrix: Matrix, from: number, to: number): Matrix {
  const { rows, columns, data } = columnsOf({ ...matrix, count: 1 }, from, to);
  return { rows, columns, data };
}

/** Columns `from` to `to` of every matrix of a stack, in memory of their own. */
export function columnsOf(stack: MatrixStack, from: number, to: number): MatrixStack {
  return block(stack, 0, stack.rows, from, to);
}

/** Rows `rowFrom` to `rowTo` and columns `from` to `to` of every matrix of a stack, in memory of their own. */
export function block(
  stack: MatrixStack,
  rowFrom: number,
  rowTo: number,
  from: number,
  to: number,
): MatrixStack {
  const { count, rows, columns, data } = stack;
  const height = rowTo - rowFrom;
  const width = to - from;
  if (height === rows && width === columns) return { ...stack, data: data.slice() };
  const result = new Float64Array(count * height * width);
  for (let n = 0, at = 0; n < count; n++) {
    for (let i = rowFrom; i < rowTo; i++, at += width) {
      const row = (n * rows + i) * columns;
      result.set(data.subarray(row + from, row + to), at);
    }
  }
  return { count, rows: height, columns: width, data: result };
}

/** Columns `from` to `to` of every matrix of a stack, transposed: S × ((to − from) × rows). */
export function transposeColumns(stack: MatrixStack, from: number, to: number): MatrixStack {
  const { count, rows, columns, data } = stack;
  const width = to - from;
  const result = new Float64Array(count * width * rows);
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < rows; i++) {
      const row = (n * rows + i) * columns + from;
      for (let j = 0; j < width; j++) result[(n * width + j) * rows + i] = data[row + j]!;
    }
  }
  return { count, rows: width, columns: rows, data: result };
}
