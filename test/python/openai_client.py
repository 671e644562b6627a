"""What OpenAI's client gets from the server at argv[1]: one JSON object on stdout."""
import base64
import io
import json
import sys

import openai
from PIL import Image

client = openai.OpenAI(base_url=f"{sys.argv[1]}/v1", api_key="unused", max_retries=0)
star = {"model": "picturebook", "prompt": "a yellow star at night", "size": "128x128"}
more = {"seed": 7, "steps": 4}


def picture(encoded):
    return Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")


def file_of(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return ("image.png", file.getvalue(), "image/png")


def left_half(image):
    return image.crop((0, 0, 56, 128)).tobytes()


def right_half(image):
    return image.crop((72, 0, 128, 128)).tobytes()


made = client.images.generate(**star, n=2, response_format="b64_json", extra_body=more)
source = picture(made.data[0].b64_json)

events = list(
    client.images.generate(**star, stream=True, partial_images=2, response_format="b64_json", extra_body=more)
)

# Transparent is what OpenAI's masks paint.
mask = Image.new("RGBA", source.size, (0, 0, 0, 255))
mask.paste((0, 0, 0, 0), (64, 0, 128, 128))
edited = picture(
    client.images.edit(
        **{**star, "prompt": "a red boat at sea"},
        image=file_of(source),
        mask=file_of(mask),
        response_format="b64_json",
        extra_body=more,
    )
    .data[0]
    .b64_json
)


def refusal(**wrong):
    try:
        client.images.generate(**{**star, **wrong})
    except openai.APIStatusError as error:
        return [type(error).__name__, error.param, error.code]
    return None


print(
    json.dumps(
        {
            "models": [model.id for model in client.models.list()],
            "model": client.models.retrieve("picturebook").id,
            "sizes": [picture(image.b64_json).size for image in made.data],
            "differ": made.data[0].b64_json != made.data[1].b64_json,
            "events": [event.type for event in events],
            "streamed_is_made": picture(events[-1].b64_json).tobytes() == source.tobytes(),
            "kept": left_half(edited) == left_half(source),
            "painted": right_half(edited) != right_half(source),
            "wrong_size": refusal(size="7x7"),
            "wrong_model": refusal(model="nobody"),
        }
    )
)
