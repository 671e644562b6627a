"""What Ollama's client gets from the server at argv[1]: one JSON object on stdout."""
import base64
import io
import json
import sys

import ollama
from PIL import Image

client = ollama.Client(host=sys.argv[1])
star = {"model": "picturebook", "prompt": "a yellow star at night", "width": 128, "height": 128, "steps": 4}


def picture(encoded):
    return Image.open(io.BytesIO(base64.b64decode(encoded)))


made = client.generate(**star, options={"seed": 7})
lines = list(client.generate(**star, options={"seed": 7}, stream=True))
try:
    client.generate(model="nobody", prompt="x")
    refused = None
except ollama.ResponseError as error:
    refused = error.status_code

print(
    json.dumps(
        {
            "models": [model.model for model in client.list().models],
            "capabilities": client.show("picturebook").capabilities,
            "pulled": client.pull("picturebook").status,
            "running": len(client.ps().models),
            "size": picture(made.image).size,
            "totals": sorted({line.total for line in lines if line.total is not None}),
            "streamed_is_made": picture(lines[-1].image).tobytes() == picture(made.image).tobytes(),
            "refused": refused,
        }
    )
)
