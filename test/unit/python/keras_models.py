"""Exports a Keras model with media/python/model_sharpness.py, with a stand-in for the keras package.

python3 keras_models.py FOLDER FILE.keras: Keras itself is not needed. The stand-in has what export() uses of its API:
Model.save, .inputs, .optimizer, losses and optimisers with their attributes. Its save writes FILE.keras, a real one.
"""
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "media" / "python"))
folder, saved = Path(sys.argv[1]), sys.argv[2]
package = folder / "packages" / "keras"
package.mkdir(parents=True, exist_ok=True)
(package / "__init__.py").write_text(f'''
import shutil

class InputLayer:
    def __init__(self, name):
        self.name = name

class KerasTensor:
    name = "keras_tensor_7"
    def __init__(self, name):
        self._keras_history = (InputLayer(name), 0, 0)

class Model:
    optimizer = None
    def __init__(self, *inputs):
        self.inputs = [KerasTensor(name) for name in inputs]
    def save(self, path):
        assert path.endswith(".keras")
        shutil.copyfile({saved!r}, path)

class Variable:
    """A tensor of a backend: NumPy asks it for its array."""
    def __init__(self, value):
        self.value = value
    def __array__(self, dtype=None, copy=None):
        import numpy
        return numpy.asarray(self.value, dtype)

class SGD:
    def __init__(self, learning_rate, momentum=0.0, nesterov=False):
        self.learning_rate, self.momentum, self.nesterov = learning_rate, momentum, nesterov

class Adam:
    def __init__(self, learning_rate):
        self.learning_rate, self.beta_1 = learning_rate, 0.9

class CategoricalCrossentropy:
    reduction = "sum_over_batch_size"
    def __init__(self, label_smoothing=0.0):
        self.label_smoothing = label_smoothing

class Poisson:
    reduction = "sum_over_batch_size"
''')
sys.path.insert(0, str(package.parent))
import keras  # noqa: E402
from model_sharpness import export  # noqa: E402

random = np.random.default_rng(0)
shape = json.loads(sys.argv[3])
width = int(sys.argv[4])
inputs = random.normal(size=(12, *shape)).astype(np.float32)
labels = random.integers(0, width, 12)


class Functional(keras.Model):
    """A user's own class of model."""


export(Functional("x"), (inputs, labels), name=str(folder / "arrays"), weight_decay=0.01)
export(keras.Model("x"), [(keras.Variable(inputs[at:at + 4]), labels[at:at + 4]) for at in (0, 4, 8)].__iter__(),
       keras.CategoricalCrossentropy(0.1), name=str(folder / "batches"), batches=2,
       optimizer=keras.SGD(keras.Variable(0.05), 0.9, True))


class Indexed:
    def __len__(self):
        return 3

    def __getitem__(self, at):
        return {"b": labels[:2], "a": inputs[2 * at:2 * at + 2]}, labels[:2], np.ones(2)


export(keras.Model("a", "b"), Indexed(), "mse", name=str(folder / "several"), optimizer=keras.Adam(lambda: 0), lr=0.002)
refused = []
for model, data, criterion in ((keras.Model("x"), (inputs, labels), keras.Poisson()),
                               (keras.Model("x", "y"), (inputs, labels), None), (object(), (inputs, labels), None)):
    try:
        export(model, data, criterion, name=str(folder / "refused"))
    except (ValueError, TypeError) as error:
        refused.append(str(error))
(folder / "refused.json").write_text(json.dumps(refused))
print("torch" in sys.modules)
