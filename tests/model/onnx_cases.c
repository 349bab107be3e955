/* SPDX-License-Identifier: MIT */
/* The graphs: HEAD makes 8 channels "a" of the page, TAIL the result of 8 channels "z". */
#include "onnx_cases.h"

#define HEAD                                                                                       \
    "r w0 8,3,3,3 -0.3 0.3\nr b0 8 -0.2 0.2\nConv x w0 b0 > a pads=1,1,1,1 kernel_shape=3,3\n"
#define TAIL "r w9 3,8,3,3 -0.2 0.2\nConv z w9 > out pads=1,1,1,1\n"

const struct onnx_case onnx_cases[] = {
    {"conv", "r w0 3,3,5,3 -0.3 0.3\nConv x w0 > out pads=2,1,2,1\n", 11},
    {"dilated",
     HEAD "r w1 8,8,3,3 -0.2 0.2\n"
          "Conv a w1 > z pads=2,4,2,4 dilations=2,4\n" TAIL,
     0},
    {"uneven", HEAD "r w1 8,8,2,4 -0.2 0.2\nConv a w1 > z pads=0,1,1,2\n" TAIL, 0},
    {"valid", HEAD "r w1 8,8,3,3 -0.2 0.2\nConv a w1 > z auto_pad=s:VALID\n" TAIL, 0},
    {"same upper", HEAD "r w1 8,8,2,4 -0.2 0.2\nConv a w1 > z auto_pad=s:SAME_UPPER\n" TAIL, 0},
    {"same lower",
     HEAD "r w1 8,8,3,3 -0.2 0.2\nConv a w1 > b auto_pad=s:SAME_LOWER strides=2,2\n"
          "r w2 8,8,2,2 -0.3 0.3\nConvTranspose b w2 > z strides=2,2\n" TAIL,
     0},
    {"groups",
     HEAD "r w1 8,4,3,3 -0.3 0.3\nr b1 8 -0.2 0.2\n"
          "Conv a w1 b1 > z group=2 pads=1,1,1,1\n" TAIL,
     0},
    {"two large groups",
     HEAD "r w1 32,8,1,1 -0.3 0.3\nConv a w1 > b\nr w2 64,16,3,3 -0.1 0.1\nr b2 64 -0.2 0.2\n"
          "Conv b w2 b2 > c group=2 pads=1,1,1,1\nLeakyRelu c > d alpha=f:0.2\n"
          "r w3 8,64,1,1 -0.2 0.2\nConv d w3 > z\n" TAIL,
     0},
    {"eight small groups",
     HEAD "r w1 64,8,1,1 -0.3 0.3\nConv a w1 > b\nr w2 64,8,3,3 -0.2 0.2\n"
          "Conv b w2 > c group=8 pads=1,1,1,1\nr s 64,1,1 -0.2 0.5\nPRelu c s > d\n"
          "r w3 64,8,5,5 -0.1 0.1\nConv d w3 > e group=8 pads=2,2,2,2\nAdd e b > f\n"
          "r w4 8,64,1,1 -0.2 0.2\nConv f w4 > z\n" TAIL,
     0},
    {"transpose large groups",
     HEAD "r w1 32,8,1,1 -0.3 0.3\nConv a w1 > b\nr w2 32,16,6,6 -0.1 0.1\n"
          "ConvTranspose b w2 > c strides=2,2 group=2 pads=2,2,2,2\nr w3 3,32,1,1 -0.2 0.2\n"
          "Conv c w3 > out\n",
     0},
    {"depthwise", HEAD "r w1 8,1,3,3 -0.5 0.5\nConv a w1 > z group=8 pads=1,1,1,1\n" TAIL, 0},
    {"stride",
     HEAD "r w1 8,8,3,3 -0.2 0.2\nConv a w1 > b strides=2,2 pads=1,1,1,1\n"
          "r w2 8,8,4,4 -0.2 0.2\nr b2 8 -0.1 0.1\n"
          "ConvTranspose b w2 b2 > c strides=2,2 pads=1,1,1,1\nAdd a c > z\n" TAIL,
     0},
    {"transpose output padding",
     HEAD "r w1 8,8,3,3 -0.2 0.2\nConv a w1 > b strides=2,2 pads=1,1,1,1\n"
          "r w2 8,8,3,3 -0.2 0.2\n"
          "ConvTranspose b w2 > z strides=2,2 pads=1,1,1,1 output_padding=1,1\n" TAIL,
     0},
    {"transpose groups",
     HEAD "r w1 8,4,2,2 -0.3 0.3\nConvTranspose a w1 > z strides=2,2 group=2\n" TAIL, 0},
    {"transpose same",
     HEAD "r w1 8,8,5,5 -0.2 0.2\n"
          "ConvTranspose a w1 > z strides=2,2 auto_pad=s:SAME_UPPER\n" TAIL,
     0},
    {"prelu", HEAD "r s 8,1,1 -0.2 0.5\nPRelu a s > b\nf t 1 0.3\nPRelu b t > z\n" TAIL, 11},
    {"relu", HEAD "Relu a > z\n" TAIL, 0},
    {"leaky", HEAD "LeakyRelu a > b alpha=f:0.2\nNeg b > c\nLeakyRelu c > z\n" TAIL, 0},
    {"sigmoid", HEAD "Sigmoid a > b\nMul a b > z\n" TAIL, 0},
    {"tanh", HEAD "Tanh a > z\n" TAIL, 0},
    {"clip", HEAD "f lo . -0.1\nf hi . 0.3\nClip a lo hi > b\nClip b - hi > z\n" TAIL, 0},
    {"hard sigmoid",
     HEAD "HardSigmoid a > b\nHardSigmoid a > c alpha=f:0.5 beta=f:0.25\n"
          "Add b c > z\n" TAIL,
     0},
    {"hard swish", HEAD "HardSwish a > z\n" TAIL, 14},
    {"mish", HEAD "Mish a > z\n" TAIL, 18},
    {"add", HEAD "f k . 0.25\nr v 8,1,1 -0.5 0.5\nAdd a k > b\nAdd v b > c\nAdd a c > z\n" TAIL, 0},
    {"sub",
     HEAD "f k . 0.25\nr v 1,8,1,1 -0.5 0.5\nSub a k > b\nSub v b > c\nSub c v > d\n"
          "Sub k d > e\nSub a e > z\n" TAIL,
     0},
    {"mul", HEAD "f k . 0.25\nr v 8,1,1 -0.5 0.5\nMul a k > b\nMul v b > c\nMul a c > z\n" TAIL, 0},
    {"div",
     HEAD "f k 1 4\nr v 8,1,1 1 2\nDiv a k > b\nDiv b v > c\nf e . 3\nAdd c e > d\n"
          "Div a d > e2\nDiv k d > f\nAdd e2 f > z\n" TAIL,
     0},
    {"max", HEAD "f k . 0.1\nMax a k > b\nMin b b > c\nNeg c > d\nMax d a > z\n" TAIL, 0},
    {"mean shift",
     "r m 1,3,1,1 0.2 0.6\nSub x m > p\nf k . 255\nMul p k > q\n"
     "r w0 8,3,3,3 -0.002 0.002\nConv q w0 > z pads=1,1,1,1\n" TAIL,
     0},
    {"concat", HEAD "r w1 4,8,1,1 -0.3 0.3\nConv a w1 > b\nConcat b b > z axis=1\n" TAIL, 0},
    {"split", HEAD "i s 2 3,5\nSplit a s > b c axis=1\nConcat c b > z axis=-3\n" TAIL, 13},
    {"split evenly",
     HEAD "Split a > b c axis=1 split=4,4\nMul b c > d\nConcat d b > z axis=1\n" TAIL, 11},
    {"slice channels",
     HEAD "i s 1 2\ni e 1 6\ni ax 1 1\nSlice a s e ax > b\ni s2 1 -4\n"
          "i e2 1 9223372036854774784\nSlice a s2 e2 ax > c\nConcat b c > z axis=1\n" TAIL,
     0},
    {"crop",
     HEAD "r w1 8,8,3,3 -0.2 0.2\nConv a w1 > b\ni s 2 1,1\ni e 2 -1,-1\ni ax 2 2,3\n"
          "Slice a s e ax > c\nAdd b c > z\n" TAIL,
     0},
    {"shuffle CRD",
     "r w0 12,3,3,3 -0.3 0.3\nConv x w0 > a pads=1,1,1,1\n"
     "DepthToSpace a > out blocksize=2 mode=s:CRD\n",
     0},
    {"shuffle DCR",
     "r w0 27,3,3,3 -0.3 0.3\nConv x w0 > a pads=1,1,1,1\n"
     "DepthToSpace a > out blocksize=3\n",
     0},
    {"unshuffle",
     "SpaceToDepth x > a blocksize=2\nr w0 12,12,3,3 -0.3 0.3\n"
     "Conv a w0 > b pads=1,1,1,1\nDepthToSpace b > out blocksize=2 mode=s:CRD\n",
     0},
    {"nearest",
     HEAD "f roi 0 0\nf s 4 1,1,2,2\nResize a roi s > z mode=s:nearest "
          "coordinate_transformation_mode=s:asymmetric nearest_mode=s:floor\n" TAIL,
     11},
    {"nearest half pixel", HEAD "f s 4 1,1,3,3\nResize a - s > z mode=s:nearest\n" TAIL, 0},
    {"linear",
     HEAD "f s 4 1,1,2,2\nResize a - s > z mode=s:linear "
          "coordinate_transformation_mode=s:pytorch_half_pixel\n" TAIL,
     0},
    {"linear smaller",
     HEAD "f s 4 1,1,0.5,0.5\nResize a - s > b mode=s:linear\nf t 4 1,1,2,2\n"
          "Resize b - t > z mode=s:linear\n" TAIL,
     0},
    {"linear asymmetric",
     HEAD "f s 4 1,1,2,2\nResize a - s > z mode=s:linear "
          "coordinate_transformation_mode=s:asymmetric\n" TAIL,
     0},
    {"align corners",
     HEAD "f s 4 1,1,2,2\nResize a - s > z mode=s:linear "
          "coordinate_transformation_mode=s:align_corners\n" TAIL,
     0},
    {"cubic of another kind",
     HEAD "f s 4 1,1,2,2\nResize a - s > z mode=s:cubic "
          "cubic_coeff_a=f:-0.5\n" TAIL,
     0},
    {"cubic", HEAD "f s 4 1,1,2,2\nResize a - s > z mode=s:cubic\n" TAIL, 0},
    {"pad zero",
     HEAD "i p 8 0,0,1,2,0,0,2,1\nPad a p > b\nr w1 8,8,4,4 -0.2 0.2\nConv b w1 > z\n" TAIL, 0},
    {"pad zero alone", HEAD "i p 8 0,0,1,2,0,0,1,2\nPad a p > b\nRelu b > z\n" TAIL, 0},
    {"pad reflect",
     HEAD "i p 8 0,0,1,2,0,0,2,1\nPad a p > b mode=s:reflect\n"
          "r w1 8,8,4,4 -0.2 0.2\nConv b w1 > z\n" TAIL,
     0},
    {"pad edge",
     HEAD "i p 8 0,0,1,2,0,0,1,2\nPad a p > b mode=s:edge\nr w1 8,8,3,3 -0.2 0.2\n"
          "Conv b w1 > c pads=1,1,1,1\nRelu c > z\n" TAIL,
     0},
    {"pad axes", HEAD "i p 4 1,1,2,0\ni ax 2 3,2\nPad a p - ax > b mode=s:edge\nRelu b > z\n" TAIL,
     18},
    {"pad negative", HEAD "i p 8 0,0,-1,-2,0,0,-1,-2\nPad a p > z\n" TAIL, 0},
    {"squeeze and excitation",
     HEAD "GlobalAveragePool a > m\nr w1 4,8,1,1 -0.5 0.5\nr b1 4 -0.1 0.1\nConv m w1 b1 > n\n"
          "Relu n > o\nr w2 8,4,1,1 -0.5 0.5\nConv o w2 > p\nSigmoid p > q\nMul a q > z\n" TAIL,
     0},
    {"dense",
     HEAD "ReduceMean a > m axes=2,3 keepdims=0\nr w1 8,4 -0.5 0.5\nr b1 4 -0.1 0.1\n"
          "Gemm m w1 b1 > n alpha=f:0.5 beta=f:2\nRelu n > o\nr w2 8,4 -0.5 0.5\n"
          "Gemm o w2 > p transB=1\nSigmoid p > q\ni ax 2 2,3\nUnsqueeze q ax > u\n"
          "Mul a u > z\n" TAIL,
     0},
    {"dense with reshapes",
     HEAD "ReduceMean a > m axes=-1,-2\nFlatten m > f\nr w1 8,8 -0.5 0.5\nMatMul f w1 > n\n"
          "Sigmoid n > o\ni sh 4 1,8,1,1\nReshape o sh > u\nMul a u > z\n" TAIL,
     0},
    {"batch norm",
     HEAD "r g 8 0.5 2\nr h 8 -0.2 0.2\nr m 8 -0.1 0.1\nr v 8 0.5 1\n"
          "BatchNormalization a g h m v > b\nRelu b > c\n"
          "BatchNormalization c g h m v > z epsilon=f:0.01\n" TAIL,
     0},
    {"layer norm",
     HEAD "Transpose a > b perm=0,2,3,1\nr g 8 0.5 2\nr h 8 -0.2 0.2\n"
          "LayerNormalization b g h > c axis=-1 epsilon=f:1e-6\nr w1 8,16 -0.3 0.3\n"
          "MatMul c w1 > d\nr b1 16 -0.2 0.2\nAdd b1 d > e\nGelu e > f\nr w2 16,8 -0.3 0.3\n"
          "MatMul f w2 > g2\nr ls 8 -1 1\nMul g2 ls > h2\nAdd b h2 > i\nf two . 2\n"
          "Div i two > j\nTranspose j > z perm=0,3,1,2\n" TAIL,
     20},
    {"layer norm of nodes",
     HEAD "ReduceMean a > m axes=l:1\nSub a m > d\nf two . 2\nPow d two > p\n"
          "ReduceMean p > v axes=l:1\nf e . 0.000001\nAdd v e > s\nSqrt s > r2\nDiv d r2 > n\n"
          "r g 8,1,1 0.5 2\nMul g n > o\nr h 8,1,1 -0.2 0.2\nAdd o h > z\n" TAIL,
     0},
    {"nothing", HEAD "Identity a > b\nCast b > c to=1\nDropout c > z\n" TAIL, 0},
    {"constants",
     HEAD "f half 1 0.5\nConstant > k value=t:half\nMul a k > b\n"
          "Constant > l value_float=f:0.125\nAdd b l > z\n" TAIL,
     0},
    {"output size",
     HEAD
     "Shape x > s\ni two . 2\ni three . 3\nGather s two > h axis=0\nGather s three > w axis=0\n"
     "Mul h two > h2\nMul w two > w2\ni z0 1 0\nUnsqueeze h2 z0 > h3\nUnsqueeze w2 z0 > w3\n"
     "Shape a > sa end=2\nConcat sa h3 w3 > size axis=0\n"
     "Resize a - - size > z mode=s:linear\n" TAIL,
     15},
    {"even size",
     "Shape x > s\ni i2 1 2\ni i3 1 3\nGather s i2 > h axis=0\nGather s i3 > w axis=0\ni two . 2\n"
     "Mod h two > mh\nMod w two > mw\nSub two mh > sh\nSub two mw > sw\nMod sh two > ph\n"
     "Mod sw two > pw\ni zero 6 0,0,0,0,0,0\ni none 4 0,0,0,0\nConcat none ph pw > pads axis=0\n"
     "i two2 2 4,2\ni off 2 0,0\nConcat none off > zeros axis=0\n"
     "i st 1 4\ni en 1 6\nSlice pads st en > tail\nConcat none off > front axis=0\n"
     "i st0 1 0\ni en6 1 6\nSlice front st0 en6 > front6\nConcat front6 tail > all axis=0\n"
     "Pad x all > p mode=s:reflect\nSpaceToDepth p > a blocksize=2\nr w0 12,12,3,3 -0.3 0.3\n"
     "Conv a w0 > b pads=1,1,1,1\nDepthToSpace b > c blocksize=2 mode=s:CRD\n"
     "Slice c st0 h i2 > d\nSlice d st0 w i3 > out\n",
     0},
    {"shuffle by reshaping",
     "r w0 12,3,3,3 -0.3 0.3\nConv x w0 > a pads=1,1,1,1\nShape a > s\ni i2 1 2\ni i3 1 3\n"
     "Gather s i2 > h\nGather s i3 > w\ni one 1 1\ni c 1 3\ni r 1 2\n"
     "Concat one c r r h w > six axis=0\nReshape a six > b\nTranspose b > d perm=0,1,4,2,5,3\n"
     "i two . 2\nMul h two > h2\nMul w two > w2\nConcat one c h2 w2 > four axis=0\n"
     "Reshape d four > out\n",
     0},
    {"unshuffle by reshaping",
     "Shape x > s\ni i2 1 2\ni i3 1 3\nGather s i2 > h\nGather s i3 > w\ni one 1 1\ni c 1 3\n"
     "i r 1 2\nDiv h r > h2\nDiv w r > w2\nConcat one c h2 r w2 r > six axis=0\n"
     "Reshape x six > q\nTranspose q > t perm=0,1,3,5,2,4\ni back 6 1,12,0,0,0,0\n"
     "i twelve 1 12\nConcat one twelve h2 w2 > four axis=0\nReshape t four > a\n"
     "r w0 12,12,3,3 -0.3 0.3\nConv a w0 > b pads=1,1,1,1\n"
     "DepthToSpace b > out blocksize=2 mode=s:CRD\n",
     0},
    {"unshuffle of one size",
     "i sh 4 -1,3,32,2\nConstant > r value_int=2\nShape x > s start=2 end=4\nDiv s r > half\n"
     "i st 1 0\ni m 1 1\ni e 1 2\nSlice half st m > h\nSlice half m e > w\n"
     "i two 1 2\ni three 1 3\ni rest 1 -1\n"
     "Concat m three h two w two > six axis=0\nReshape x six > q\n"
     "Transpose q > t perm=0,3,5,1,2,4\nConcat m rest h w > four axis=0\nReshape t four > a\n"
     "r w0 12,12,3,3 -0.3 0.3\nConv a w0 > b pads=1,1,1,1\n"
     "DepthToSpace b > out blocksize=2 mode=s:CRD\n",
     0},
    {"folded",
     HEAD "i sh 1 2\nf half 1 0.5\nConstantOfShape sh > k value=t:half\nf l 2 1,2\nAdd k l > m\n"
          "Sqrt m > n\ni i1 . 1\nGather n i1 > o\nf neg . -1\nMul o neg > p\nNeg p > q\n"
          "f cond 1 1\nEqual cond half > eq\nWhere eq k q > wh\nGather wh i1 > one\nMul a one > "
          "z\n" TAIL,
     0},
};

const size_t onnx_case_count = sizeof(onnx_cases) / sizeof(onnx_cases[0]);
