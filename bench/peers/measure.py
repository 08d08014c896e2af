"""Times one peer against xent and against memcpy, turn by turn in one process, and prints a line of JSON for each form.

    python measure.py PEER LIBRARIES [--seconds S] [--classes K ...] [--grown-heap] [--no-linear]

PEER is the name of a function below; LIBRARIES is the folder of the libraries that CMakeLists.txt builds. A peer's result
is compared with xent's before it is timed, and is not timed when it is another. --grown-heap says that the caller has told malloc to keep its pages: only the
forms that return fresh memory are measured then.
"""

import argparse
import ctypes
import gc
import json
import os
import pathlib
import statistics
import time

import numpy as np

BYTES = 64 << 20  # of logits
CLASSES = [2, 10, 32, 128, 1000, 1024, 8192, 32768, 131072, 1 << 20]
LINEAR = [(256, 32768, 1024), (64, 4096, 4096), (768, 32000, 2048)]  # dim, classes, samples

INTO, FRESH = "into a buffer", "fresh"


def load(folder, name):
    return ctypes.CDLL(str(folder / f"peer_{name}.so"))


def pointer(array):
    return ctypes.c_void_p(None if array is None else array.ctypes.data)


class Problem:
    """Logits [samples x classes] and labels, with xent's loss and gradient."""

    def __init__(self, xent, classes):
        self.classes, self.samples = classes, BYTES // 4 // classes
        self.z = np.empty((self.samples, classes), np.float32)
        xent.fill(pointer(self.z), ctypes.c_int64(self.z.size), ctypes.c_float(10))
        self.y = np.arange(self.samples, dtype=np.int64) * 7 % classes
        self.g = np.zeros_like(self.z)
        self.copied = np.zeros_like(self.z)
        self.library = xent
        self.xent = self.bind(xent.cross_entropy)
        self.loss, self.gradient = self.xent(), self.g.copy()

    def name(self):
        return {"classes": self.classes, "samples": self.samples}

    def bind(self, function, fresh=False):
        """A call of one C function; without an output in its arguments when it returns a fresh one."""
        function.restype = ctypes.c_float
        shape = ctypes.c_int64(self.classes), ctypes.c_int64(self.samples)

        def call(check=False):
            out = None if fresh and not check else self.g
            return function(pointer(self.z), pointer(self.y), pointer(out), *shape)

        return call

    def copy(self):
        self.library.copy(pointer(self.z), pointer(self.copied), ctypes.c_int64(self.z.size))

    def check(self, loss, gradient):
        assert abs(loss - self.loss) <= 1e-3 * self.loss, (loss, self.loss)
        # libtorch 1.13 is 3e-4 off in a sum of 2^20 exponentials; the others cancel at the label.
        worst = np.abs(gradient - self.gradient) - 1e-3 * np.abs(self.gradient)
        assert worst.max() <= 1e-5 / self.samples, worst.max()


class LinearArguments(ctypes.Structure):
    names = ["weights", "features", "bias", "labels", "d_weights", "d_features", "d_bias"]
    _fields_ = [(n, ctypes.c_void_p) for n in names] + [(n, ctypes.c_int64) for n in ("dim", "classes", "samples")]


class LinearProblem:
    """Weights [classes x dim], features [samples x dim], bias and labels, with xent's loss and gradients."""

    def __init__(self, xent, dim, classes, samples):
        self.dim, self.classes, self.samples = dim, classes, samples
        shapes = {"weights": (classes, dim), "features": (samples, dim), "bias": (classes,)}
        self.arrays = {n: np.empty(s, np.float32) for n, s in shapes.items()}
        for name, bound in (("weights", 6 / dim**0.5), ("features", 1), ("bias", 1)):
            array = self.arrays[name]
            xent.fill(pointer(array), ctypes.c_int64(array.size), ctypes.c_float(bound))
        self.y = np.arange(samples, dtype=np.int64) * 7919 % classes
        self.gradients = {n: np.zeros(s, np.float32) for n, s in shapes.items()}
        self.xent = self.bind(xent.linear_cross_entropy)
        self.loss, self.expected = self.xent(), [g.copy() for g in self.gradients.values()]

    def name(self):
        return {"dim": self.dim, "classes": self.classes, "samples": self.samples}

    def bind(self, function, fresh=False):
        function.restype = ctypes.c_float
        shape = self.dim, self.classes, self.samples
        inputs = [pointer(a) for a in self.arrays.values()] + [pointer(self.y)]
        outputs = [pointer(g) for g in self.gradients.values()]
        kept = LinearArguments(*inputs, *outputs, *shape)
        bare = LinearArguments(*inputs, None, None, None, *shape)

        def call(check=False):
            return function(ctypes.byref(bare if fresh and not check else kept))

        return call

    def copy(self):
        pass  # products of matrices are no matter of memory

    def check(self, loss, gradients):
        assert abs(loss - self.loss) <= 1e-3 * self.loss, (loss, self.loss)
        for got, expected in zip(gradients, self.expected):
            assert np.abs(got - expected).max() <= 1e-3 * np.abs(expected).max()


def c_form(problem, function, outputs=INTO):
    """(run, outputs, result): result() is loss and gradient of a run, as NumPy arrays."""
    call = problem.bind(function, outputs == FRESH)
    gradients = list(problem.gradients.values()) if isinstance(problem, LinearProblem) else problem.g
    return call, outputs, lambda: (call(check=True), gradients)


# ---- Peers. Each yields, for a problem, its forms: name -> (run, outputs, result). --------------------------------------


def xent(libraries, versions):
    native = load(libraries, "xent_native")
    blas = load(libraries, "xent_blas") if (libraries / "peer_xent_blas.so").exists() else None
    plain = load(libraries, "xent")
    versions["Eigen"] = ".".join(str(plain.eigen_version() // d % 100) for d in (10000, 100, 1))

    def forms(p):
        if isinstance(p, LinearProblem):
            yield "xent, -march=native", c_form(p, native.linear_cross_entropy)
            if blas:
                yield "xent, EIGEN_USE_BLAS (OpenBLAS)", c_form(p, blas.linear_cross_entropy)
                run = p.bind(blas.three_products)
                yield "three products alone, OpenBLAS", (run, INTO, lambda: (p.loss, p.expected))  # nothing to compare
            return
        yield "xent", c_form(p, plain.cross_entropy)
        yield "xent", c_form(p, plain.cross_entropy_returned, FRESH)
        yield "Eigen, whole matrix", c_form(p, plain.whole_matrix)
        yield "Eigen, column by column", c_form(p, plain.column_loop)
        yield "Eigen, column by column, -march=native", c_form(p, native.column_loop)

    return forms


def onednn(libraries, versions):
    library = load(libraries, "onednn")
    version = ".".join(str(library.onednn_version() // d % 100) for d in (10000, 100, 1))
    versions["oneDNN"] = version

    def forms(p):
        if isinstance(p, Problem):
            yield f"oneDNN {version}", c_form(p, library.onednn)

    return forms


def libtorch(libraries, versions):
    library = load(libraries, "libtorch")
    library.libtorch_version.restype = ctypes.c_char_p
    version = library.libtorch_version().decode()
    versions["libtorch"] = version + ", the better of ATEN_CPU_CAPABILITY avx2 and avx512 at each shape"
    name = f"libtorch {version}"

    def forms(p):
        if isinstance(p, LinearProblem):
            yield f"{name}, cross_entropy(linear())", c_form(p, library.linear_autograd, FRESH)
            return
        yield name, c_form(p, library.autograd, FRESH)
        yield name, c_form(p, library.kernels)

    return forms


def pytorch(_, versions):
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(1)
    aten = torch.ops.aten
    version = torch.__version__.split("+")[0]
    versions["PyTorch"] = f"{version}, {torch.backends.cpu.get_cpu_capability()}"
    eager, compiled = f"PyTorch {version}, eager", f"PyTorch {version}, torch.compile"

    def backward(function, inputs, y):
        """loss.backward() into fresh gradients."""
        leaves = [torch.from_numpy(a).requires_grad_() for a in inputs]

        def run():
            for leaf in leaves:
                leaf.grad = None
            loss = function(*leaves, y)
            loss.backward()
            return loss

        def result():
            return run().item(), [leaf.grad.numpy() for leaf in leaves]

        return run, FRESH, result

    def one(form):
        run, outputs, result = form
        return run, outputs, lambda: (lambda loss, g: (loss, g[0]))(*result())

    def kernels(p):
        """What autograd calls, with every output in memory that is kept."""
        z, y, g = torch.from_numpy(p.z), torch.from_numpy(p.y), torch.from_numpy(p.g)
        log_p, d_log_p = torch.empty_like(z), torch.empty_like(z)
        loss, total, unit = torch.empty(()), torch.empty(()), torch.ones(())

        def run():
            aten._log_softmax.out(z, 1, False, out=log_p)
            aten.nll_loss_forward.output(log_p, y, None, 1, -100, output=loss, total_weight=total)
            aten.nll_loss_backward.grad_input(unit, log_p, y, None, 1, -100, total, grad_input=d_log_p)
            aten._log_softmax_backward_data.out(d_log_p, log_p, 1, torch.float32, out=g)

        def result():
            run()
            return loss.item(), p.g

        return run, INTO, result

    def compiled_into(p):
        """One graph for loss and gradient, which ends in the caller's buffer."""
        z, y, g = torch.from_numpy(p.z), torch.from_numpy(p.y), torch.from_numpy(p.g)

        @torch.compile(dynamic=False)
        def loss_and_gradient(z, y, g):
            gradient, loss = torch.func.grad_and_value(F.cross_entropy)(z, y)
            g.copy_(gradient)
            return loss

        def run():
            return loss_and_gradient(z, y, g)

        def result():
            return run().item(), p.g

        return run, INTO, result

    def linear_then_loss(weights, features, bias, y):
        return F.cross_entropy(F.linear(features, weights, bias), y)

    def forms(p):
        torch._dynamo.reset()
        y = torch.from_numpy(p.y)
        if isinstance(p, LinearProblem):
            inputs = list(p.arrays.values())
            yield f"{eager}, cross_entropy(linear())", backward(linear_then_loss, inputs, y)
            if hasattr(F, "linear_cross_entropy"):
                fused = lambda weights, features, bias, y: F.linear_cross_entropy(features, weights, y, linear_bias=bias)
                yield f"{eager}, linear_cross_entropy", backward(fused, inputs, y)
            yield compiled, backward(torch.compile(linear_then_loss, dynamic=False), inputs, y)
            return
        yield eager, one(backward(F.cross_entropy, [p.z], y))
        yield eager, kernels(p)
        yield compiled, one(backward(torch.compile(F.cross_entropy, dynamic=False), [p.z], y))
        yield compiled, compiled_into(p)

    return forms


def jax(_, versions):
    import jax
    import jax.numpy as jnp

    versions["JAX"] = jax.__version__
    name = f"JAX {jax.__version__}, jit"

    def loss(z, y):
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1))

    def linear_loss(weights, features, bias, y):
        return loss(features @ weights.T + bias, y)

    value_and_gradient = jax.jit(jax.value_and_grad(loss))
    value_and_gradients = jax.jit(jax.value_and_grad(linear_loss, argnums=(0, 1, 2)))
    donated = jax.jit(lambda z, y, g: jax.value_and_grad(loss)(z, y), donate_argnums=2, keep_unused=True)

    def fresh(function, inputs):
        def run():
            return jax.block_until_ready(function(*inputs))

        def result():
            value, g = run()
            return float(value), [np.asarray(x) for x in g] if isinstance(g, tuple) else np.asarray(g)

        return run, FRESH, result

    def into(inputs):
        """The gradient of the last call is donated to the next one, which may write into it."""
        kept = [jnp.zeros_like(inputs[0])]

        def run():
            value, kept[0] = jax.block_until_ready(donated(*inputs, kept[0]))
            return value

        def result():
            return float(run()), np.asarray(kept[0])

        return run, INTO, result

    def forms(p):
        y = jnp.asarray(p.y.astype(np.int32))
        if isinstance(p, LinearProblem):
            yield name, fresh(value_and_gradients, [*(jnp.asarray(a) for a in p.arrays.values()), y])
            return
        z = jnp.asarray(p.z)
        yield name, fresh(value_and_gradient, [z, y])
        yield name, into([z, y])

    return forms


def onnxruntime(_, versions):
    import onnx
    import onnxruntime as ort
    from onnx import TensorProto, helper, numpy_helper

    versions["ONNX Runtime"] = ort.__version__
    name = f"ONNX Runtime {ort.__version__}"

    def model(p):
        """It has no loss with a gradient outside its training build: the formula, in the fewest operators."""
        node = helper.make_node
        nodes = [
            node("LogSoftmax", ["z"], ["log_p"], axis=1),
            node("GatherElements", ["log_p", "y"], ["log_p_y"], axis=1),
            node("ReduceMean", ["log_p_y"], ["mean"], keepdims=0),
            node("Neg", ["mean"], ["loss"]),
            node("Exp", ["log_p"], ["s"]),
            node("Mul", ["s", "share"], ["scaled"]),
            node("GatherElements", ["scaled", "y"], ["scaled_y"], axis=1),
            node("Sub", ["scaled_y", "share"], ["target"]),
            node("ScatterElements", ["scaled", "y", "target"], ["g"], axis=1),
        ]
        value = helper.make_tensor_value_info
        graph = helper.make_graph(
            nodes,
            "cross_entropy",
            [value("z", TensorProto.FLOAT, p.z.shape), value("y", TensorProto.INT64, [p.samples, 1])],
            [value("loss", TensorProto.FLOAT, []), value("g", TensorProto.FLOAT, p.z.shape)],
            [numpy_helper.from_array(np.float32(1 / p.samples).reshape(()), "share")],
        )
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        made.ir_version = 8
        onnx.checker.check_model(made)
        return made.SerializeToString()

    def forms(p):
        if isinstance(p, LinearProblem):
            return
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        session = ort.InferenceSession(model(p), options, providers=["CPUExecutionProvider"])
        loss, y = np.zeros((), np.float32), p.y[:, None]
        binding = session.io_binding()
        for array, key in ((p.z, "z"), (y, "y")):
            binding.bind_input(key, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
        for array, key in ((loss, "loss"), (p.g, "g")):
            binding.bind_output(key, "cpu", 0, array.dtype, array.shape, array.ctypes.data)

        def run():
            session.run_with_iobinding(binding)

        def result():
            run()
            return float(loss), p.g

        yield name, (run, INTO, result)

    return forms


# ---- The clock ----------------------------------------------------------------------------------------------------------


def gigahertz(library):
    """Of the core, while it computes."""
    count = 100_000_000
    times = []
    for _ in range(5):
        start = time.perf_counter()
        library.additions(ctypes.c_int64(count))
        times.append(time.perf_counter() - start)
    return count / min(times) / 1e9


def measure(problem, forms, seconds):
    """Rounds of memcpy, xent and every form, until the time is over: at least three. Yields a line for each form."""
    runs = [problem.copy, problem.xent] + [run for _, (run, _, _) in forms]
    for run in runs:
        run()
    times = [[] for _ in runs]
    deadline = time.perf_counter() + seconds * len(forms)
    while len(times[0]) < 3 or time.perf_counter() < deadline:
        for run, taken in zip(runs, times):
            start = time.perf_counter()
            run()
            taken.append(time.perf_counter() - start)
    copy, xent, *medians = [statistics.median(t) for t in times]
    for (name, (_, outputs, _)), own in zip(forms, medians):
        line = {"peer": name, "outputs": outputs, **problem.name(), "seconds": own, "xent": xent, "rounds": len(times[0])}
        yield {**line, "memcpy": copy} if isinstance(problem, Problem) else line


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=["xent", "onednn", "libtorch", "pytorch", "jax", "onnxruntime"])
    parser.add_argument("libraries", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--classes", type=int, nargs="*", default=CLASSES)
    parser.add_argument("--grown-heap", action="store_true")
    parser.add_argument("--no-linear", action="store_true")
    arguments = parser.parse_args()

    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # one thread, whatever a library thinks of it
    plain = load(arguments.libraries, "xent")
    plain.built_with.restype = ctypes.c_char_p
    versions = {"xent and Eigen built with": plain.built_with().decode().strip()}
    peer = globals()[arguments.peer](arguments.libraries, versions)
    print(json.dumps({"versions": versions, "gigahertz": gigahertz(plain)}), flush=True)

    gc.disable()
    makers = [lambda k=k: Problem(plain, k) for k in arguments.classes]
    if not arguments.no_linear:
        makers += [lambda shape=shape: LinearProblem(plain, *shape) for shape in LINEAR]
    for make in makers:
        problem = make()
        forms = [f for f in peer(problem) if not arguments.grown_heap or f[1][1] == FRESH]
        for form in list(forms):
            name, (_, outputs, result) = form
            try:
                problem.check(*result())
            except AssertionError as error:
                print(json.dumps({"wrong": name, "outputs": outputs, **problem.name(), "how": str(error)}), flush=True)
                forms.remove(form)
        for line in measure(problem, forms, arguments.seconds) if forms else ():
            if arguments.grown_heap:
                line["outputs"] = "fresh, grown heap"
            print(json.dumps(line), flush=True)
        del problem, forms
        gc.collect()
    os._exit(0)  # JAX and PyTorch may hang in their threads' ends


if __name__ == "__main__":
    main()
