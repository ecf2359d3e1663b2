import base64, os as o
def f(x=o.system("inert")):
    exec(base64.b64decode("eA=="))
getattr(o, "sys" + "tem")("inert")
__import__("o" + "s")
